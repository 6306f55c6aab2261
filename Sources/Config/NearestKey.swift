/// The known key an operator most likely meant.
enum NearestKey {
    /// - Parameters:
    ///   - siblings: the keys of the table in which `key` stands.
    ///   - paths: every known path of the file, for a key in the wrong table.
    /// - Returns: what goes after "unknown key ...": a suggestion, or the keys there are.
    static func hint(for key: String, siblings: [String], paths: [String]) -> String {
        // Siblings come first, so that they win where a key of another table is as near.
        let meant = nearest(to: key, in: siblings + paths) ?? siblings.first { isPart(key, $0) || isPart($0, key) }
        if let meant { return "did you mean \(meant)?" }
        return "known here: \(siblings.joined(separator: ", "))"
    }

    private static func isPart(_ part: String, _ key: String) -> Bool { key.hasPrefix(part + "_") }

    /// The path whose last key is nearest to `key`; nil where none is near enough to be a slip of the hand.
    private static func nearest(to key: String, in paths: [String]) -> String? {
        let word = key.lowercased().replacing("-", with: "_")
        let measured = paths.map { path in
            let leaf = path.split(separator: ".").last ?? ""
            let slips = leaf.count <= 4 ? 1 : max(2, leaf.count / 3)
            return (path: path, distance: distance(word, String(leaf)), slips: slips)
        }
        return measured.filter { $0.distance <= $0.slips }.min { $0.distance < $1.distance }?.path
    }

    /// Edits (insert, remove, replace, swap neighbours) that turn one word into the other.
    static func distance(_ left: String, _ right: String) -> Int {
        let (a, b) = (Array(left.utf8.prefix(80)), Array(right.utf8.prefix(80)))
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
