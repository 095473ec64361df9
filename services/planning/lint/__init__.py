"""Plan lint: what is wrong with a plan, or will be, by rules; each finding says what it costs and how it is mended."""
