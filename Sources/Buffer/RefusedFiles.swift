internal import FoundationEssentials
internal import Platform

/// Files kept aside with the reason why; numbered, so that the highest number is how many there ever were.
extension LockedShelf {
    /// Moves `file` to `refused/`, writes its reason beside it, and drops the oldest over the number to keep.
    func refuse(_ file: String, reason: String) throws(BufferError) {
        let kept = try RefusedName.kept(in: paths.refused)
        let number = (kept.last?.number ?? 0) + 1
        let name = file.split(separator: "/").last.map(String.init) ?? "unnamed"
        let moved = RefusedName(number: number, name: name)
        let target = "\(paths.refused)/\(moved.file)"
        try onDisk(target) { () throws(SystemError) in try Files.move(file, to: target) }
        let reasonFile = "\(paths.refused)/\(moved.reasonFile)"
        let words = Data("\(name): \(reason)\n".utf8)
        try onDisk(reasonFile, neededBytes: words.count) { () throws(SystemError) in
            for old in kept.dropLast(rules.refusedKept - 1) {
                try Files.remove("\(paths.refused)/\(old.file)")
                try Files.remove("\(paths.refused)/\(old.reasonFile)")
            }
            try AtomicFile.write(words, to: reasonFile)
        }
        note("\(name) was refused: \(reason)")
    }
}

/// The name of a refused file: `refused_000012_NAME`, and of its reason: `refused_000012.reason.txt`.
struct RefusedName {
    let number: Int
    let name: String

    var file: String { "refused_\(digits)_\(name)" }
    var reasonFile: String { "refused_\(digits).reason.txt" }

    private var digits: String {
        let plain = String(number)
        return String(repeating: "0", count: max(0, 6 - plain.count)) + plain
    }

    /// Lowest number first; names that are not ours are passed over.
    static func kept(in directory: String) throws(BufferError) -> [RefusedName] {
        let names = try onDisk(directory) { () throws(SystemError) in try Files.names(in: directory) }
        return names.compactMap { name -> RefusedName? in
            let parts = name.split(separator: "_", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3, parts[0] == "refused", let number = Int(parts[1]), number > 0 else { return nil }
            return RefusedName(number: number, name: String(parts[2]))
        }.sorted { $0.number < $1.number }
    }
}
