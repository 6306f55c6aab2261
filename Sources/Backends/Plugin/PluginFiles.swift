internal import FoundationEssentials
internal import Platform

/// Where the plug-ins that come with the station lie.
enum PluginFiles {
    /// The directory that holds `audiocraft` and `example`: what LOFISUP_PLUGINS says; else `../share/lofisup/plugins`
    /// of the program, where script/install puts them; else `plugins` of the checkout that the program was built in.
    static func directory(
        environment: [String: String],
        executable: String? = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    ) -> String? {
        if let given = environment["LOFISUP_PLUGINS"], given.hasPrefix("/") { return given }
        guard let executable else { return nil }
        var place = Files.parent(of: executable)
        let installed = Files.parent(of: place) + "/share/lofisup/plugins"
        if FileAccess.isDirectory(installed) { return installed }
        while place.count > 1 {
            if FileAccess.isDirectory("\(place)/plugins/audiocraft"), FileAccess("\(place)/Package.swift") != nil {
                return "\(place)/plugins"
            }
            place = Files.parent(of: place)
        }
        return nil
    }
}
