"""Accounting periods: until when postings are taken on which days, and who may still add one."""
