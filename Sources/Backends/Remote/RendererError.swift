/// Why a renderer gave no answer, or none that can be used. No case holds a token.
enum RendererError: Error, Equatable, CustomStringConvertible {
    case unreachable(String)
    case tooSlow
    /// Its certificate is not trusted, or there is no TLS.
    case untrusted(String)
    case tokenRefused
    case redirected(status: Int)
    case busy(retrySeconds: Double, why: String)
    case noSuchJob
    /// The job of that name asks for something else.
    case otherJob
    case refused(status: Int, why: String)
    case garbage(String)
    case tooLong(String)
    case wrongSize(wanted: Int, got: Int)
    case wrongChecksum
    /// Nothing has moved for so long.
    case stalled(seconds: Double)
    /// On this side: a token that cannot be read, a tool that is missing, a full disk.
    case local(String)
    case cancelled

    /// Another try may go well, without anybody doing anything.
    var isPassing: Bool {
        switch self {
        case .unreachable, .tooSlow, .garbage: true
        case .refused(let status, _): status >= 500
        default: false
        }
    }

    var description: String {
        switch self {
        case .unreachable(let why): "it does not answer: \(why)"
        case .tooSlow: "it took too long to answer"
        case .untrusted(let why): "its certificate is not trusted: \(why)"
        case .tokenRefused: "it refuses the token: compare token_file here and there"
        case .redirected(let status): "it answers with a redirect (\(status)), which is not followed: mend its url"
        case .busy(_, let why): "it is busy: \(why)"
        case .noSuchJob: "it does not know the job"
        case .otherJob: "it has another job of that name"
        case .refused(let status, let why): "it refuses (\(status)): \(why)"
        case .garbage(let what): "it answers nonsense: \(what)"
        case .tooLong(let what): "it sends more than it may: \(what)"
        case .wrongSize(let wanted, let got): "it sent \(got) bytes of a track of \(wanted)"
        case .wrongChecksum: "a track came with another checksum than it announced"
        case .stalled(let seconds): "nothing has moved there for \(Int(seconds)) s"
        case .local(let why): why
        case .cancelled: "stopped on request"
        }
    }
}
