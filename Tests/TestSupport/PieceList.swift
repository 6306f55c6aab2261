/// What a piece of the recording is, before it is told in a report.
enum PieceKind: Equatable {
    case signal(offset: Int)
    case mixed(leaving: Int, coming: Int)
    case silence
    case unknown
}

/// Pieces in order; neighbours of one kind become one.
struct PieceList {
    private var pieces: [(kind: PieceKind, range: Range<Int>)] = []

    mutating func append(_ kind: PieceKind, _ range: Range<Int>) {
        guard !range.isEmpty else { return }
        if let last = pieces.last, last.kind == kind {
            pieces[pieces.count - 1].range = last.range.lowerBound..<range.upperBound
        } else {
            pieces.append((kind, range))
        }
    }

    func stretches(of sound: HeardSound) -> [FarEndReport.Stretch] {
        var told = PieceList()
        for (kind, range) in pieces {
            // A short silence keeps the codec's smear of its neighbours; a long one must really be silent.
            let isSound =
                kind == .silence && range.count > 2 * FarEnd.window
                && middleLevel(range, of: sound) > FarEnd.silenceLevel
            told.append(isSound ? .unknown : kind, range)
        }
        return told.pieces.map { kind, heard in
            switch kind {
            case .signal(let offset): .signal(heard: heard, indices: indices(heard, offset))
            case .mixed(let leaving, let coming):
                .mixed(heard: heard, leaving: indices(heard, leaving), coming: indices(heard, coming))
            case .silence: .silence(heard: heard, digital: sound.isDigitalSilence(heard))
            case .unknown: .unknown(heard: heard)
            }
        }
    }

    private func middleLevel(_ range: Range<Int>, of sound: HeardSound) -> Float {
        sound.level((range.lowerBound + FarEnd.window)..<(range.upperBound - FarEnd.window))
    }

    private func indices(_ heard: Range<Int>, _ offset: Int) -> Range<Int> {
        let first = SignalPlace.normal(heard.lowerBound + offset)
        return first..<(first + heard.count)
    }
}
