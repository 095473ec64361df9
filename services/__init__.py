"""The services of Tandem and the kernel that they share."""
