"""The api process: who calls, what may be done, what is answered."""
