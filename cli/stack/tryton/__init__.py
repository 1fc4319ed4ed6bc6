"""Tryton as a part of the embedded stack: a program of its own, in an environment of its own, spoken to over HTTP.

Its licence (GPL-3.0-or-later) is the reason for both: nothing of it is imported here.
"""
