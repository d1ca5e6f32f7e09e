data {
  int<lower=0> n;
  vector[n] times;
  int<lower=0, upper=1> failed[n];
}
parameters {
  real<lower=0> shape;
  real<lower=0> scale;
}
model {
  target += lognormal_lpdf(shape | 0, 0.5);
  target += gamma_lpdf(scale | 2, 1);
  for (i in 1:n) {
    if (failed[i])
      target += weibull_lpdf(times[i] | shape, scale);
    else
      target += weibull_lccdf(times[i] | shape, scale);
  }
}
