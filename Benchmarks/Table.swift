/// One table of the report, as Markdown: readable on a terminal and in a browser.
struct Table: Sendable {
    var title: String
    /// What was measured and how, in sentences.
    var explanation: String
    var columns: [String]
    var rows: [[String]] = []

    init(_ title: String, _ explanation: String, columns: [String]) {
        self.title = title
        self.explanation = explanation
        self.columns = columns
    }

    mutating func add(_ cells: String...) { rows.append(cells) }

    var markdown: String {
        let widths = columns.indices.map { column in
            ([columns] + rows).map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0
        }
        func line(_ cells: [String]) -> String {
            let padded = widths.indices.map { column in
                let cell = cells.indices.contains(column) ? cells[column] : ""
                let space = String(repeating: " ", count: widths[column] - cell.count)
                // The first column says what it is; the others are figures.
                return column == 0 ? cell + space : space + cell
            }
            return "| " + padded.joined(separator: " | ") + " |"
        }
        let rule = widths.indices.map { column in
            column == 0
                ? String(repeating: "-", count: max(3, widths[0]))
                : String(repeating: "-", count: max(3, widths[column]) - 1) + ":"
        }
        let head = ["### \(title)", "", explanation, "", line(columns), "| " + rule.joined(separator: " | ") + " |"]
        return (head + rows.map(line)).joined(separator: "\n") + "\n"
    }
}
