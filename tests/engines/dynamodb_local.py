"""AWS's own engine: DynamoDB Local, found or fetched, and started once a session."""
