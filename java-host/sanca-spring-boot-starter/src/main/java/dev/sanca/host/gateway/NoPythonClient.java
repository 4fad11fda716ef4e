package dev.sanca.host.gateway;

import java.net.InetAddress;
import py4j.Gateway;
import py4j.Py4JException;
import py4j.Py4JPythonClient;

/** The way from Java to Python that the library wants and we do not open. */
final class NoPythonClient implements Py4JPythonClient {

    @Override
    public String sendCommand(String command) {
        throw refusal();
    }

    @Override
    public String sendCommand(String command, boolean blocking) {
        throw refusal();
    }

    @Override
    public Py4JPythonClient copyWith(InetAddress address, int port) {
        return this;
    }

    @Override
    @SuppressWarnings("rawtypes") // the library's signature
    public Object getPythonServerEntryPoint(Gateway gateway, Class[] interfaces) {
        throw refusal();
    }

    @Override
    public void shutdown() {
        // nothing was opened
    }

    @Override
    public boolean isMemoryManagementEnabled() {
        return false;
    }

    @Override
    public int getPort() {
        return -1;
    }

    @Override
    public int getReadTimeout() {
        return 0;
    }

    @Override
    public InetAddress getAddress() {
        return InetAddress.getLoopbackAddress();
    }

    private static Py4JException refusal() {
        return new Py4JException("refused");
    }
}
