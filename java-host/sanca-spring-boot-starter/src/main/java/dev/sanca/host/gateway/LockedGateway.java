package dev.sanca.host.gateway;

import java.util.List;
import py4j.Gateway;
import py4j.Py4JException;
import py4j.ReturnObject;

/**
 * A Py4J gateway that hands out nothing and invokes nothing. {@link LockedConnection} never asks it to; this is the second
 * lock, should a command of the library ever be reached.
 */
final class LockedGateway extends Gateway {

    LockedGateway() {
        super(null, new NoPythonClient()); // without one the constructor fails
    }

    @Override
    public ReturnObject invoke(String className, List<Object> arguments) {
        throw refusal();
    }

    @Override
    public ReturnObject invoke(String method, String target, List<Object> arguments) {
        throw refusal();
    }

    @Override
    public ReturnObject getReturnObject(Object object) {
        throw refusal();
    }

    @Override
    public Object getObject(String id) {
        throw refusal();
    }

    @Override
    public String putNewObject(Object object) {
        throw refusal();
    }

    @Override
    @SuppressWarnings("rawtypes") // the library's signature
    public Object createProxy(ClassLoader loader, Class[] interfaces, String id) {
        throw refusal();
    }

    private static Py4JException refusal() {
        return new Py4JException("refused");
    }
}
