data {
  int<lower=0> n;
  vector[n] y;
  vector<lower=0>[n] sigma;
}
parameters {
  real centre;
  real<lower=0> spread;
  vector[n] shift;
}
model {
  target += normal_lpdf(centre | 0, 5);
  target += cauchy_lpdf(spread | 0, 5) + log(2);
  target += normal_lpdf(shift | 0, 1);
  target += normal_lpdf(y | centre + spread * shift, sigma);
}
