"""What technicians and engineers type: one file per command group; talks to the api, never to the database."""
