data {
  int<lower=0> n;
  vector[n] x;
  vector[n] y;
}
parameters {
  real<lower=0> precision;
  real level;
  real slope;
}
model {
  target += gamma_lpdf(precision | 3, 2 * 300.0 * 300.0);
  target += normal_lpdf(level | 3000, inv_sqrt(0.06 * precision));
  target += normal_lpdf(slope | 185, inv_sqrt(6 * precision));
  target += normal_lpdf(y | level + slope * x, inv_sqrt(precision));
}
