/// Lines of cells under one another, for a terminal.
struct TextTable {
    /// Columns of figures, which end under one another.
    var figures: Set<Int> = []
    private(set) var rows: [[String]] = []

    mutating func add(_ cells: String...) { rows.append(cells) }

    /// The lines, without blanks at their ends. The last column is as wide as it is.
    func lines() -> [String] {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { at in rows.map { at < $0.count ? $0[at].count : 0 }.max() ?? 0 }
        return rows.map { row in
            let cells = row.enumerated().map { at, cell -> String in
                let room = String(repeating: " ", count: widths[at] - cell.count)
                if figures.contains(at) { return room + cell }
                return at == row.count - 1 ? cell : cell + room
            }
            let line = cells.joined(separator: "  ")
            return line.last == " " ? String(line.reversed().drop { $0 == " " }.reversed()) : line
        }
    }
}
