"""The gRPC door of the engine. `engine.proto` is the source of truth; `engine_pb2*` are built from it, never kept."""
