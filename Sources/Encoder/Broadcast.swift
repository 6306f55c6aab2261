internal import Platform

/// The encoded stream, handed to every destination. Each has a queue of its own with a bound, so that none can hold
/// up another or the encoder.
final class Broadcast: Sendable {
    /// One destination's view of the stream, from the moment it joined.
    final class Subscription: Sendable {
        fileprivate struct Queue {
            var tags: [FlvTag] = []
            var bytes = 0
            var lost = false
        }

        /// What a decoder needs before the first packet, then the current group of pictures from its keyframe.
        let opening: [FlvTag]
        fileprivate let queue = Monitor(Queue())
        private let bytesMax: Int

        fileprivate init(opening: [FlvTag], bytesMax: Int) {
            self.opening = opening
            self.bytesMax = bytesMax
        }

        /// What has come since the last call. Nil: the queue overflowed or the stream's format changed, and this
        /// view is over.
        func take() -> [FlvTag]? {
            queue.withLock { queue in
                defer {
                    queue.tags = []
                    queue.bytes = 0
                }
                return queue.lost ? nil : queue.tags
            }
        }

        fileprivate func add(_ tag: FlvTag) {
            queue.withLock { queue in
                queue.bytes += tag.body.count
                if queue.bytes > bytesMax { queue.lost = true }
                if queue.lost { queue.tags = [] } else { queue.tags.append(tag) }
            }
        }

        fileprivate func end() { queue.withLock { $0.lost = true } }
    }

    private struct State {
        var script: FlvTag?
        var videoHeader: FlvTag?
        var audioHeader: FlvTag?
        var pictures: [FlvTag] = []
        var subscriptions: [ObjectIdentifier: Subscription] = [:]
    }

    private let state = Monitor(State())
    private let queueBytesMax: Int
    // Two seconds of pictures at the highest sensible rate; a stream without keyframes must not fill the memory.
    private let picturesMax = 2000

    /// - Parameter queueBytesMax: how much a destination may fall behind before its connection is made anew.
    init(queueBytesMax: Int = 16 << 20) { self.queueBytesMax = queueBytesMax }

    /// Joins the stream; nil before its first keyframe.
    func subscribe() -> Subscription? {
        state.withLock { state in
            guard let video = state.videoHeader, let audio = state.audioHeader, !state.pictures.isEmpty else {
                return nil
            }
            let opening = [state.script, video, audio].compactMap { $0 } + state.pictures
            let subscription = Subscription(opening: opening, bytesMax: queueBytesMax)
            state.subscriptions[ObjectIdentifier(subscription)] = subscription
            return subscription
        }
    }

    /// The stream rests: who joins after it starts with what comes then, and not with its last pictures and sound.
    func rest() { state.withLock { $0.pictures = [] } }

    func leave(_ subscription: Subscription) {
        state.withLock { $0.subscriptions[ObjectIdentifier(subscription)] = nil }
    }

    /// Hands a placed tag to everyone.
    func publish(_ tag: FlvTag) {
        state.withLock { state in
            if tag.kind == .script {
                state.script = tag
                return
            }
            if tag.isSequenceHeader {
                let known = tag.kind == .video ? state.videoHeader : state.audioHeader
                if tag.kind == .video { state.videoHeader = tag } else { state.audioHeader = tag }
                // A decoder that was opened with other parameters cannot go on: its destination joins anew.
                if let known, known.body != tag.body {
                    state.pictures = []
                    for subscription in state.subscriptions.values { subscription.end() }
                    state.subscriptions = [:]
                }
                return
            }
            if tag.isKeyframe { state.pictures = [] }
            if tag.isKeyframe || !state.pictures.isEmpty { state.pictures.append(tag) }
            if state.pictures.count > picturesMax { state.pictures = [] }
            for subscription in state.subscriptions.values { subscription.add(tag) }
        }
    }
}
