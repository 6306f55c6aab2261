/// Why nothing could be taken in.
enum ImportError: Error, CustomStringConvertible {
    case source(String, why: String)
    case underWay
    case interrupted
    case unreachable(String, why: String)
    case noManifest(String)
    case badManifest(String, why: String)
    case otherSettings(String, difference: String)
    case noSuchPrompt(String, name: String)
    case noRoom(String)

    var status: ExitStatus {
        switch self {
        case .source: .usage
        case .underWay, .interrupted, .unreachable: .tryAgain
        case .noManifest, .badManifest, .otherSettings, .noSuchPrompt: .failed
        case .noRoom: .diskFull
        }
    }

    var description: String {
        switch self {
        case .source(let text, let why): "\(text): \(why)"
        case .underWay: "another import is under way; wait for its end"
        case .interrupted: "interrupted; what was fetched is kept, run it again to go on"
        case .unreachable(let source, let why):
            "\(source) could not be fetched; what was fetched is kept, run it again to go on: \(why)"
        case .noManifest(let source): "\(source) is no portable buffer: it has no manifest.json (lofisup bootstrap)"
        case .badManifest(let source, let why): "\(source): its manifest cannot be used: \(why)"
        case .otherSettings(let source, let difference):
            "\(source) was made for other settings, its tracks do not fit between this station's: \(difference)"
        case .noSuchPrompt(let source, let name):
            "\(source) has tracks of the prompt \"\(name)\", which this station does not have by text or by name"
        case .noRoom(let words): "\(words); free some, or import on a larger disk"
        }
    }
}
