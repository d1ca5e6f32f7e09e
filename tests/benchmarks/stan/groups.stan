data {
  int<lower=0> n;
  int<lower=0> trials;
  int<lower=0> y[n];
}
parameters {
  real mean;
  real<lower=0> spread;
  vector[n] offset_;
}
model {
  target += normal_lpdf(mean | 0, 1.5);
  target += normal_lpdf(spread | 0, 1) + log(2);
  target += normal_lpdf(offset_ | 0, 1);
  target += binomial_logit_lpmf(y | trials, mean + spread * offset_);
}
