# R's bridgesampling over rstan: Rscript bridge.R PROGRAM.stan DATA.json RUNS
# Prints one JSON object a line: log_ml, mcse, seconds, evaluations. Compiling is not counted.
suppressPackageStartupMessages({
  library(rstan)
  library(bridgesampling)
  library(jsonlite)
})
arguments <- commandArgs(trailingOnly = TRUE)
rstan_options(boost_lib = "/usr/include")
model <- stan_model(arguments[1])
data <- fromJSON(arguments[2])
for (seed in seq_len(as.integer(arguments[3]))) {
  sampled <- system.time(
    fit <- suppressWarnings(sampling(
      model, data = data, chains = 4, iter = 2000, warmup = 1000, cores = 1, refresh = 0, seed = seed
    ))
  )[["elapsed"]]
  set.seed(seed)
  bridged <- system.time(
    bridge <- suppressWarnings(bridge_sampler(fit, silent = TRUE))
  )[["elapsed"]]
  gradients <- sum(sapply(get_sampler_params(fit), function(chain) sum(chain[, "n_leapfrog__"])))
  cat(toJSON(list(
    log_ml = bridge$logml,
    mcse = error_measures(bridge)$cv,
    seconds = sampled + bridged,
    evaluations = gradients + length(bridge$q11) + length(bridge$q21)
  ), auto_unbox = TRUE, digits = 10), "\n", sep = "")
}
