data {
  int<lower=0> n;
  int<lower=0> k;
  matrix[n, k] x;
  int<lower=0, upper=1> y[n];
}
parameters {
  vector[k] slopes;
}
model {
  target += normal_lpdf(slopes | 0, 10);
  target += bernoulli_logit_lpmf(y | x * slopes);
}
