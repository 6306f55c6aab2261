internal import ArgumentParser
internal import Foundation

/// `lofisup man`: the manual page, for whoever packages the command.
struct ManualCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "man", abstract: "Print the manual page: lofisup man > lofisup.1", shouldDisplay: false)

    func run() throws { try reportingErrors { try print(ManualPage.text(), terminator: "") } }
}

/// The manual page lofisup(1), made from what ArgumentParser knows of every command, so that nothing is written twice.
struct ManualPage {
    private var lines: [String] = []
    /// Options that many commands have, said once.
    private var common: [HelpDump.Argument] = []
    private static let commonFrom = 5

    /// - Throws: when ArgumentParser's own description cannot be read.
    static func text() throws -> String {
        var page = ManualPage()
        page.write(try HelpDump.read().command)
        return page.lines.joined(separator: "\n") + "\n"
    }

    private mutating func write(_ root: HelpDump.Command) {
        common = Self.common(of: root)
        lines += [
            ".Dd", ".Dt LOFISUP 1", ".Os lofisup \(Version.text)", ".Sh NAME", ".Nm lofisup",
            ".Nd \(Self.escaped(String(root.abstract?.prefix { $0 != ":" } ?? "")))", ".Sh SYNOPSIS",
        ]
        for command in root.shown { lines += [".Nm", ".Cm \(command.commandName)", ".Op Ar ..."] }
        lines += [".Sh DESCRIPTION", "The station is configured by one file, which"]
        lines += [".Nm", ".Cm init", "writes with every key explained in it."]
        lines.append(".Sh COMMANDS")
        lines.append(".Bl -tag -width Ds")
        for command in root.shown { write(command, under: []) }
        lines += [".El", ".Sh COMMON OPTIONS", "Most commands take these; `lofisup help COMMAND` says which."]
        write(common)
        writeEnd()
    }

    private mutating func write(_ command: HelpDump.Command, under path: [String]) {
        let path = path + [command.commandName]
        let arguments = command.arguments?.filter { $0.isShown && !common.contains($0) } ?? []
        let isGroup = !command.shown.isEmpty
        var head = ".It Cm \(path.joined(separator: " "))"
        for argument in arguments where !isGroup { head += " " + argument.inSynopsis }
        lines.append(head)
        for text in [command.abstract, command.discussion].compactMap(\.self) {
            let paragraphs = text.split(separator: "\n\n")
            for (at, paragraph) in paragraphs.enumerated() {
                if at > 0 { lines.append(".Pp") }
                lines.append(Self.escaped(paragraph.split(separator: "\n").joined(separator: " ")))
            }
        }
        let explained = isGroup ? [] : arguments.filter { $0.abstract != nil }
        if !explained.isEmpty {
            write(explained)
        }
        for inner in command.shown { write(inner, under: path) }
    }

    private mutating func write(_ arguments: [HelpDump.Argument]) {
        lines.append(".Bl -tag -width Ds -compact")
        for argument in arguments {
            lines.append(".It \(argument.inList)")
            let usual = argument.defaultValue.map { " (default: \($0))" } ?? ""
            lines.append(Self.escaped((argument.abstract ?? "") + usual))
        }
        lines.append(".El")
    }

    private static func common(of root: HelpDump.Command) -> [HelpDump.Argument] {
        func all(_ command: HelpDump.Command) -> [HelpDump.Argument] {
            (command.arguments ?? []).filter { $0.isShown && $0.kind != "positional" } + command.shown.flatMap(all)
        }
        let used = all(root)
        var found: [HelpDump.Argument] = []
        for argument in used where !found.contains(argument) && used.count(where: { $0 == argument }) >= commonFrom {
            found.append(argument)
        }
        return found
    }

    private mutating func writeEnd() {
        lines += [".Sh FILES", ".Bl -tag -width Ds -compact"]
        for (path, use) in Self.files { lines += [".It Pa \(path)", Self.escaped(use)] }
        lines += [".El", ".Sh EXIT STATUS", ".Bl -tag -width Ds -compact"]
        for status in ExitStatus.allCases { lines += [".It \(status.rawValue)", Self.escaped(status.meaning)] }
        lines += [".El", ".Sh EXAMPLES"]
        for (use, command) in Self.examples {
            lines += [Self.escaped(use), ".Dl \(Self.escaped(command))", ".Pp"]
        }
        lines.removeLast()
        lines += [".Sh SEE ALSO", ".Xr systemctl 1 ,", ".Xr journalctl 1 ,", ".Xr ffmpeg 1"]
    }

    private static let files = [
        ("/etc/lofisup/lofisup.toml", "the configuration; every key is optional"),
        ("/var/lib/lofisup", "the Buffer, the evergreen library and where the station stands"),
        ("/run/lofisup/lofisup.sock", "where the running station is asked"),
        ("~/.config/lofisup/lofisup.toml", "the configuration of a station that a user runs without root"),
    ]

    private static let examples = [
        ("Put a station on the air with everything in one directory:", "lofisup run --root ./station"),
        ("See what an edit of the configuration would do, then do it:", "lofisup ctl plan && lofisup ctl reload"),
        ("See how long the music lasts at 0.42 of real time:", "lofisup plan --backend-speed 0.42"),
        ("Take in a day of music that a faster machine has made:", "lofisup import fast:/srv/first-day"),
        ("Find out why a worker died:", "lofisup ctl why encoder"),
        ("Follow what happens, for a program:", "lofisup ctl events --since 0 --follow --json"),
    ]

    /// `text` as mdoc(7) takes it: nothing in it is a macro or an escape.
    static func escaped(_ text: String) -> String {
        let plain = text.replacing("\\", with: "\\e").replacing("-", with: "\\-")
        return plain.hasPrefix(".") || plain.hasPrefix("'") ? "\\&" + plain : plain
    }
}

/// What ArgumentParser says of the whole command (`--experimental-dump-help`), as far as the manual needs it.
struct HelpDump: Decodable {
    struct Command: Decodable {
        var commandName: String
        var abstract: String?
        var discussion: String?
        var shouldDisplay: Bool?
        var arguments: [Argument]?
        var subcommands: [Command]?

        var shown: [Command] { subcommands?.filter { $0.shouldDisplay != false && $0.commandName != "help" } ?? [] }
    }

    struct Argument: Decodable, Equatable {
        struct Name: Decodable, Equatable {
            var kind: String
            var name: String

            var spelled: String { kind == "long" ? "\\-\(name.replacing("-", with: "\\-"))" : name }
        }
        var kind: String
        var abstract: String?
        var names: [Name]?
        var valueName: String?
        var defaultValue: String?
        var isOptional: Bool
        var shouldDisplay: Bool?

        var isShown: Bool {
            shouldDisplay != false && !(names ?? []).contains { ["help", "version"].contains($0.name) }
        }

        /// In mdoc, for the line with the command.
        var inSynopsis: String {
            let plain = kind == "positional" ? "Ar \(valueName ?? "value")" : inList
            return isOptional ? "Oo \(plain) Oc" : plain
        }

        /// In mdoc, for the list of options.
        var inList: String {
            guard kind != "positional", let names else { return "Ar \(valueName ?? "value")" }
            let ordered = names.filter { $0.kind != "long" } + names.filter { $0.kind == "long" }
            let spelled = ordered.map { "Fl \($0.spelled)" }.joined(separator: " , ")
            return kind == "option" ? "\(spelled) Ar \(valueName ?? "value")" : spelled
        }
    }

    var command: Command

    static func read() throws -> HelpDump {
        do {
            _ = try Lofisup.parseAsRoot(["--experimental-dump-help"])
            throw ManualError.noDump
        } catch let error as ManualError {
            throw error
        } catch {
            return try JSONDecoder().decode(HelpDump.self, from: Data(Lofisup.fullMessage(for: error).utf8))
        }
    }
}

enum ManualError: Error, CustomStringConvertible {
    case noDump

    var description: String { "the argument parser does not describe the command any more; no manual page can be made" }
}
