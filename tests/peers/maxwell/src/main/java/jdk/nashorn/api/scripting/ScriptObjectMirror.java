// Maxwell 1.22.6 asks of every value whether it is one of these, a class that left the JDK with version 15.
// No value ever is.
package jdk.nashorn.api.scripting;

public final class ScriptObjectMirror {
    private ScriptObjectMirror() {
    }
}
