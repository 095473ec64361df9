"""The steps of this service's database; the kernel runs them."""
