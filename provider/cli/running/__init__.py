"""What `up` and `serve` run: the service, Traefik and the sample servers."""
