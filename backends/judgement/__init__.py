"""Judgement, pure: data in, data out."""
