internal import Platform

/// A file that a plug-in says it has made.
enum PluginFile {
    /// The path of `name` in `directory`, once it is known to be a file of its own there, with something in it.
    /// - Throws: `.badFile`.
    static func check(_ name: String, in directory: String) throws(PluginFault) -> String {
        guard !name.contains("/"), name != ".", name != "..", name.utf8.count <= 255 else {
            throw .badFile(name: name, why: "a name in the batch's directory is wanted, without a slash")
        }
        let path = "\(directory)/\(name)"
        let stamp: FileStamp?
        do throws(SystemError) { stamp = try Files.stamp(path) } catch {
            throw .badFile(name: name, why: error.description)
        }
        // A link would hand the station any file of the machine as music.
        switch stamp?.kind {
        case nil: throw .badFile(name: name, why: "there is no such file")
        case .directory: throw .badFile(name: name, why: "it is a directory")
        case .other: throw .badFile(name: name, why: "it is a link or a device, not a file of its own")
        case .regular: break
        }
        if stamp?.bytes == 0 { throw .badFile(name: name, why: "it is empty") }
        return path
    }
}
