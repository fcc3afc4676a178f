"""netwatch: from a lost echo to a signed report."""
