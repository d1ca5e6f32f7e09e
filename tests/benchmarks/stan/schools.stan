data {
  int<lower=0> n;
  vector[n] y;
  vector<lower=0>[n] sigma;
}
parameters {
  real mean;
  real<lower=0> spread;
  vector[n] offset_;
}
model {
  target += normal_lpdf(mean | 0, 5);
  target += cauchy_lpdf(spread | 0, 5) + log(2);
  target += normal_lpdf(offset_ | 0, 1);
  target += normal_lpdf(y | mean + spread * offset_, sigma);
}
