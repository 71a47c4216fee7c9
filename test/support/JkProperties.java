// What java.util.Properties makes of mime=prop of a status worker: all of it, in the order of the keys.

import java.io.InputStream;
import java.net.URI;
import java.util.Properties;
import java.util.TreeMap;

public class JkProperties {
    public static void main(String[] arguments) throws Exception {
        Properties properties = new Properties();
        try (InputStream in = URI.create(arguments[0]).toURL().openStream()) {
            properties.load(in);
        }
        new TreeMap<>(properties).forEach((key, value) -> System.out.println(key + " -> " + value));
    }
}
