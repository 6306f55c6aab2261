/// The commented configuration file, which is also the manual.
public enum SampleConfig {
    /// Every key with its meaning, what it may hold and its default. What differs from the default in `config` is set;
    /// everything else is commented out with "#" right before the key, so that reading the text gives `config` again.
    public static func text(for config: StationConfig = StationConfig()) -> String {
        let keys = StationConfig.keys.map { $0.manual(config) }
        return ([introduction] + keys).joined(separator: "\n")
    }

    private static let introduction = """
        # lofisup.toml: the configuration of a lofisup station (https://toml.io).
        #
        # Every key is optional. A setting that is commented out shows its default; remove the "#" to change it.
        # Check the file with `lofisup check-config`. A key that is not known is refused, not ignored.

        """
}
