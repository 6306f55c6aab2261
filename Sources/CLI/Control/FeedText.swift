internal import IPC

/// Events and log lines, for a terminal.
enum FeedText {
    static func event(_ entry: FeedEntry) -> String {
        let number = String(entry.number)
        let room = String(repeating: " ", count: max(0, 6 - number.count))
        return "\(room)\(number)  \(line(entry, said: "\(padded(entry.kind, 12)) \(entry.text)"))"
    }

    static func log(_ entry: FeedEntry) -> String {
        let saysKind = entry.kind == "info" || entry.text.hasPrefix(entry.kind)
        return line(entry, said: saysKind ? entry.text : "\(entry.kind): \(entry.text)")
    }

    /// For what is no longer kept.
    static func lost(_ count: Int) -> String {
        count == 1 ? "one entry before this is not kept any more" : "\(count) entries before this are not kept any more"
    }

    private static func line(_ entry: FeedEntry, said: String) -> String {
        Spelling.harmless("\(Spelling.moment(entry.time))  \(padded(entry.worker ?? "station", 12)) \(said)")
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
