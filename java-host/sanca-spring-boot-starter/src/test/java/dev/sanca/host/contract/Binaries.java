package dev.sanca.host.contract;

import dev.sanca.host.toolkit.ToolMethod;
import dev.sanca.host.toolkit.ToolkitComponent;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Bytes, in base64. */
@ToolkitComponent(name = "binaries")
class Binaries {
    @ToolMethod
    public byte[] bytes(byte[] value) {
        return value;
    }

    @ToolMethod
    public ByteBuffer buffer(ByteBuffer value) {
        return value;
    }

    @ToolMethod
    public List<byte[]> listOfBytes(List<byte[]> value) {
        return value;
    }

    @ToolMethod
    public Map<String, byte[]> mapOfBytes(Map<String, byte[]> value) {
        return value;
    }

    @ToolMethod
    public Optional<byte[]> optionalBytes(Optional<byte[]> value) {
        return value;
    }

    @ToolMethod
    public Blob blob(Blob value) {
        return value;
    }

    record Blob(String name, byte[] data) {}
}
