"""What every service of the shop shares: settings, logs, metrics, storage, calls to each other, the HTTP server."""
