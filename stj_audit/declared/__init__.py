"""Tables as they are defined in a template or a plan, before anything is deployed: files are read, and no call is made."""
