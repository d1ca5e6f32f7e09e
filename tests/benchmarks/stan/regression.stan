data {
  int<lower=0> n;
  int<lower=0> k;
  matrix[n, k] x;
  vector[n] y;
}
parameters {
  real<lower=0> noise;
  vector[k] slopes;
}
model {
  target += inv_gamma_lpdf(noise | 3, 1);
  target += normal_lpdf(slopes | 0, sqrt(2 * noise));
  target += normal_lpdf(y | x * slopes, sqrt(noise));
}
