data {
  int<lower=0> n;
  int<lower=0> k;
  matrix[n, k] x;
  vector[n] y;
}
parameters {
  real<lower=0> variance;
  vector[k] slopes;
}
model {
  target += inv_gamma_lpdf(variance | 3, 1);
  target += normal_lpdf(slopes | 0, sqrt(2 * variance));
  target += normal_lpdf(y | x * slopes, sqrt(variance));
}
