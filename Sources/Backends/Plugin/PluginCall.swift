internal import IPC
internal import Platform

/// One request to a plug-in, from its question to its answer.
struct PluginCall {
    /// What bounds it.
    enum Limit {
        /// From the question to the answer.
        case whole(seconds: Double)
        /// Between two words about it.
        case silence(seconds: Double)

        var seconds: Double {
            switch self {
            case .whole(let seconds), .silence(let seconds): seconds
            }
        }
    }

    let life: PluginLife
    let id: Int
    let method: String
    let limit: Limit
    /// Between `cancel` and the end of the request.
    let cancelSeconds: Double
    let clock: any StationClock

    /// How often a cancellation is looked for.
    private static let lookSeconds = 0.1
    /// A longer pause between two looks was none of the plug-in's time: we were stopped, as it was.
    private static let pauseSecondsMax = 1.0

    /// Asks, and hands every notification about this request over until the answer is there.
    /// - Throws: `.cancelled` when the plug-in has ended the request after `cancellation`; what `heard` throws; every
    ///   fault of the plug-in. Unless the fault leaves it usable, its life is to be ended.
    func perform(
        _ parameters: JSONValue, cancellation: Cancellation,
        heard: (_ notification: String, _ parameters: JSONValue) throws(PluginFault) -> Void
    ) throws(PluginFault) -> JSONValue {
        try life.send(.request(id: id, method: method, parameters: parameters), of: method)
        var isCancelling = false
        var silent = 0.0
        var last = clock.monotonicSeconds
        while true {
            let message = try life.next(within: Self.lookSeconds, during: method)
            let now = clock.monotonicSeconds
            silent += min(now - last, Self.pauseSecondsMax)
            last = now
            if let message {
                if let answer = try take(
                    message, isCancelling: isCancelling,
                    heard: { name, value throws(PluginFault) in
                        if case .silence = limit, !isCancelling { silent = 0 }
                        try heard(name, value)
                    })
                {
                    return answer
                }
            }
            if isCancelling {
                if silent >= cancelSeconds { throw .notCancelled(method: method, seconds: cancelSeconds) }
            } else if cancellation.isCancelled {
                isCancelling = true
                silent = 0
                let parameters = JSONValue.object(["request": .integer(id)])
                try life.send(.request(id: id + 1, method: "cancel", parameters: parameters), of: "cancel")
            } else if silent >= limit.seconds {
                throw .silent(method: method, seconds: limit.seconds)
            }
        }
    }

    /// The answer, if this is it.
    private func take(
        _ message: Message, isCancelling: Bool,
        heard: (String, JSONValue) throws(PluginFault) -> Void
    ) throws(PluginFault) -> JSONValue? {
        switch message {
        case .response(id, let result):
            if isCancelling { throw .cancelled }
            return result
        case .failure(.some(id), let code, let text):
            if isCancelling { throw .cancelled }
            throw .answered(code: code, message: Self.sentence(text), method: method)
        case .response(let other, _), .failure(.some(let other), _, _):
            // Of an earlier request, or of our `cancel`: too late to matter.
            if other < id || (isCancelling && other == id + 1) { return nil }
            throw .wrongAnswer(method: method, why: "it answered request \(other), which was never sent")
        case .failure(nil, _, let text):
            throw .wrongAnswer(method: method, why: "it could not read what was sent: \(Self.sentence(text))")
        case .notification(let name, let parameters):
            if case .integer(id) = parameters["request"] { try heard(name, parameters) }
            return nil
        case .request(let other, let name, _):
            let refusal = Message.failure(
                id: other, code: Message.Code.unknownMethod, message: "unknown method \(name)")
            try life.send(refusal, of: name)
            return nil
        }
    }

    /// An error's text for the operator, whatever is in it.
    private static func sentence(_ text: String) -> String {
        let harmless = String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 ? " " : $0 }))
        return harmless.allSatisfy(\.isWhitespace) ? "it gave no reason" : String(harmless.prefix(1000))
    }
}
