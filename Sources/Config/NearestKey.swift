/// The known key an operator most likely meant.
enum NearestKey {
    /// - Parameters:
    ///   - siblings: the keys of the table in which `key` stands.
    ///   - paths: every known path of the file, for a key in the wrong table.
    /// - Returns: what goes after "unknown key ...": a suggestion, or the keys there are.
    static func hint(for key: String, siblings: [String], paths: [String]) -> String {
        if let near = nearest(to: key, in: siblings) { return "did you mean \(near)?" }
        let elsewhere = paths.filter { nearest(to: key, in: [String($0.split(separator: ".").last ?? "")]) != nil }
        let best = elsewhere.min { distance(key, leaf($0)) < distance(key, leaf($1)) }
        if let best { return "did you mean \(best)?" }
        return "known here: \(siblings.joined(separator: ", "))"
    }

    private static func leaf(_ path: String) -> String { String(path.split(separator: ".").last ?? "") }

    private static func nearest(to key: String, in candidates: [String]) -> String? {
        let word = key.lowercased().replacing("-", with: "_")
        return candidates.map { ($0, distance(word, $0)) }
            .filter { $0.1 <= max(2, $0.0.count / 3) && $0.1 < $0.0.count }
            .min { $0.1 < $1.1 }?.0
            ?? (word.count >= 3 ? candidates.first { $0.hasPrefix(word + "_") || word.hasPrefix($0 + "_") } : nil)
    }

    /// Edits (insert, remove, replace, swap neighbours) that turn one word into the other.
    static func distance(_ left: String, _ right: String) -> Int {
        let a = Array(left.utf8.prefix(80))
        let b = Array(right.utf8.prefix(80))
        var rows = [Array(0...b.count)]
        for i in 0..<a.count {
            var row = [i + 1]
            for j in 0..<b.count {
                var best = min(rows[i][j] + (a[i] == b[j] ? 0 : 1), rows[i][j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, rows[i - 1][j - 1] + 1) }
                row.append(best)
            }
            rows.append(row)
        }
        return rows[a.count][b.count]
    }
}
