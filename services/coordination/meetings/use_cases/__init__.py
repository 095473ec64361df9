"""What people do with meetings, a file per noun. Each function loads, decides, records the fact and never commits."""
