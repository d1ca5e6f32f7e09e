data {
  int<lower=0> n;
  int<lower=0> trials;
  int<lower=0> y[n];
}
parameters {
  real centre;
  real<lower=0> spread;
  vector[n] shift;
}
model {
  target += normal_lpdf(centre | 0, 1.5);
  target += normal_lpdf(spread | 0, 1) + log(2);
  target += normal_lpdf(shift | 0, 1);
  target += binomial_logit_lpmf(y | trials, centre + spread * shift);
}
