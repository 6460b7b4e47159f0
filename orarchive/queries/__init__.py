"""Queries: answers to questions of people and programs, from the index; the command line prints them."""
