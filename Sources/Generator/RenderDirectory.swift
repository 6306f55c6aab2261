internal import Glibc
internal import Platform

/// Where one generator's backends put what they render, until it is checked: on the Buffer's file system, and emptied of
/// what a generator left there that was killed.
struct RenderDirectory {
    let path: String
    private let lock: FileLock

    /// More generators than a station has.
    private static let placesMax = 32

    /// Takes a place that no living generator holds.
    /// - Parameter parent: made if need be.
    init(under parent: String) throws(SystemError) {
        try Files.makeDirectory(parent)
        for place in 1...Self.placesMax {
            guard let lock = try FileLock.attempt("\(parent)/\(place).lock") else { continue }
            path = "\(parent)/\(place)"
            self.lock = lock
            try Files.removeTree(path)
            try Files.makeDirectory(path)
            return
        }
        throw SystemError("find a free place in \(parent)", code: EBUSY)
    }

    /// A new directory for one batch.
    func batch(_ name: String) throws(SystemError) -> String {
        try Files.makeDirectory("\(path)/\(name)")
        return "\(path)/\(name)"
    }
}
