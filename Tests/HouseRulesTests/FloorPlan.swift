import FoundationEssentials

/// The tables of `Sources/README.md`.
struct FloorPlan {
    struct Room: Equatable {
        var layer: Int
        var name: String
        var mayImport: Set<String>
        var mayBeUsedBy: Set<String>
    }

    static let roleLayer = 4
    /// What comes with Swift.
    static let toolchain: Set<String> = ["Glibc", "FoundationEssentials", "Foundation", "Synchronization", "Dispatch"]

    var rooms: [Room]
    /// The one room that may import an outside module.
    var doors: [String: String]

    func room(_ name: String) -> Room? { rooms.first { $0.name == name } }
    func isRole(_ name: String) -> Bool { room(name)?.layer == Self.roleLayer }

    struct Unreadable: Error, CustomStringConvertible {
        var description: String
    }

    /// - Throws: `Unreadable` when the tables are not there or a cell does not read.
    init(markdown: String) throws {
        let lines = markdown.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let roomRows = Self.rows(below: "| layer | room |", in: lines)
        let doorRows = Self.rows(below: "| outside module | door |", in: lines)
        guard !roomRows.isEmpty, !doorRows.isEmpty else {
            throw Unreadable(description: "Sources/README.md: the table of rooms or of doors is not there")
        }
        let names = roomRows.map { $0.count > 1 ? $0[1] : "" }
        rooms = try roomRows.map { row in
            guard row.count == 5, let layer = Int(row[0]) else {
                throw Unreadable(description: "Sources/README.md: not a row of rooms: \(row)")
            }
            let below = roomRows.filter { Int($0[0]) ?? 0 >= 1 && $0[1] != row[1] }.map { $0[1] }
            let mayImport = row[3] == "every room from layer 1 up" ? Set(below) : Self.list(row[3])
            return Room(layer: layer, name: row[1], mayImport: mayImport, mayBeUsedBy: Self.list(row[4]))
        }
        for room in rooms {
            for named in room.mayImport.union(room.mayBeUsedBy) where !names.contains(named) {
                throw Unreadable(
                    description: "Sources/README.md: \(room.name) names a room that is not there: \(named)")
            }
        }
        doors = try Dictionary(
            uniqueKeysWithValues: doorRows.map { row in
                guard row.count == 2, names.contains(row[1]) else {
                    throw Unreadable(description: "Sources/README.md: not a row of doors: \(row)")
                }
                return (row[0], row[1])
            })
    }

    private static func list(_ cell: String) -> Set<String> {
        cell == "nothing" ? [] : Set(cell.split(separator: ",").map(trimmed))
    }

    /// The cells of the rows under a head that begins with `head`, the ruling line left out.
    private static func rows(below head: String, in lines: [String]) -> [[String]] {
        guard let start = lines.firstIndex(where: { $0.hasPrefix(head) }) else { return [] }
        return lines[(start + 1)...].prefix { $0.hasPrefix("|") }.dropFirst().map { line in
            line.split(separator: "|").map(trimmed).filter { !$0.isEmpty }
        }
    }

    private static func trimmed(_ text: Substring) -> String {
        text.split(separator: " ").joined(separator: " ")
    }
}
