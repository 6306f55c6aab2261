internal import Platform

/// What becomes of consumed tracks: the last few stay on the Buffer, the others go to the evergreen library.
extension LockedShelf {
    /// Takes the consumed entries over the number to keep out of `tracks`, oldest first. Nothing is moved yet.
    func retire() -> [TrackEntry] {
        let consumed = tracks.filter { $0.state == .consumed }
        let retired = Array(consumed.dropLast(rules.keepConsumed))
        if retired.isEmpty { return [] }
        let numbers = Set(retired.map(\.number))
        tracks.removeAll { numbers.contains($0.number) }
        return retired
    }

    /// Saves everything, then moves the files of `retired`. A crash on the way leaves files without entries, which
    /// reconciling finds consumed and retires again.
    func shelve(_ retired: [TrackEntry]) throws(BufferError) {
        try saveMarks()
        var index = try evergreenIndex()
        for entry in retired where rules.evergreenBytesMax > 0 {
            var evergreen = EvergreenEntry(entry)
            evergreen.lastAiredAtSeconds = entry.airedAtSeconds ?? marks.airedSeconds
            index.put(evergreen)
        }
        let dropped = index.trim(toBytes: rules.evergreenBytesMax)
        if !retired.isEmpty || !dropped.isEmpty { try saveEvergreen(index) }
        try saveTracks()
        for entry in retired {
            let source = "\(paths.buffer)/\(entry.file)"
            try onDisk(source) { () throws(SystemError) in
                if index.holds(entry.file) {
                    try Files.move(source, to: "\(paths.evergreen)/\(entry.file)")
                } else {
                    try Files.remove(source)
                }
            }
        }
        try removeEvergreen(dropped)
    }
}
