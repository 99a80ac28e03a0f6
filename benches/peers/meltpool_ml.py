"""Training epochs and single predictions of the networks of Mojumder et al. in Keras (tensorflow-cpu) and PyTorch, beside ours: 118 images of
128 x 128 pixels or 118 windows, batches of 16, one output, one thread.

Makes its own environment in target/peers/meltpool_ml; PyTorch is that of the system's python3-torch (Debian) if it is there, else it is left out and the
output says so. Builds our example, and in each of three rounds runs ours (CPU time of the process, long run minus short run) and then each
peer (CPU time of an epoch). Prints medians and ratios; the last line is JSON."""
import json, os, pathlib, resource, statistics, subprocess, sys, time

ROOT = pathlib.Path(__file__).resolve().parents[2]
ENV = ROOT / 'target/peers/meltpool_ml'
PINS = ['numpy==2.4.6', 'tensorflow-cpu==2.21.0']
MODELS = {'cnn4': 'CNN-4', 'fusion2': 'fusion-2, scalar', 'lstm_T1': 'LSTM T=1', 'lstm_T5': 'LSTM T=5'}
N, BATCH, SIDE = 118, 16, 128
ROUNDS = 3


def torch_part(name, rounds):
    """Run by the system's Python: CPU seconds of an epoch, and of one prediction."""
    import torch
    torch.set_num_threads(1)
    nn = torch.nn

    def blocks(count):
        layers, channels = [], 1
        for _ in range(count):
            layers += [nn.Conv2d(channels, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
            channels = 32
        side = SIDE >> count
        return nn.Sequential(*layers, nn.Flatten(), nn.Linear(32 * side * side, 64), nn.ReLU())

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.image = blocks(4 if name == 'cnn4' else 2) if name in ('cnn4', 'fusion2') else None
            self.scalar = nn.Sequential(nn.Linear(1, 32), nn.ReLU(), ) if name == 'fusion2' else None
            self.lstm = nn.LSTM(1, 32, batch_first=True) if name.startswith('lstm') else None
            self.dense = nn.Linear({'cnn4': 64, 'fusion2': 96}.get(name, 32), 64)
            self.out = nn.Linear(64, 1)

        def forward(self, x, q):
            if self.lstm is not None:
                h = self.lstm(q)[0][:, -1]
            else:
                h = self.image(x)
                if name == 'cnn4':
                    return self.out(h)
                h = torch.cat([h, self.scalar(q[:, -1])], 1)
            return self.out(torch.relu(self.dense(h)))

    x, q, y = torch.randn(N, 1, SIDE, SIDE), torch.randn(N, 5 if name == 'lstm_T5' else 1, 1), torch.randn(N, 1)
    model = Model()
    step = torch.optim.Adam(model.parameters())
    epochs = []
    for _ in range(rounds + 1):
        start = time.process_time()
        repeat = 1 if model.lstm is None else 20
        for _ in range(repeat):
            for i in range(0, N, BATCH):
                step.zero_grad()
                ((model(x[i:i + BATCH], q[i:i + BATCH]) - y[i:i + BATCH])**2).mean().backward()
                step.step()
        epochs.append((time.process_time() - start) / repeat)
    with torch.no_grad():
        single = []
        for _ in range(60):
            start = time.process_time()
            model(x[:1], q[:1])
            single.append(time.process_time() - start)
    print(json.dumps({'version': torch.__version__, 'epoch': statistics.median(epochs[1:]), 'single': statistics.median(single)}))


if len(sys.argv) > 1 and sys.argv[1] == 'torch':
    torch_part(sys.argv[2], int(sys.argv[3]))
    sys.exit()
for name in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS', 'RAYON_NUM_THREADS'):
    os.environ[name] = '1'
SYSTEM = '/usr/bin/python3'
has_torch = subprocess.run([SYSTEM, '-c', 'import torch'], capture_output=True).returncode == 0
if sys.prefix != str(ENV):
    if not (ENV / 'bin/python').exists():
        subprocess.run([sys.executable, '-m', 'venv', str(ENV)], check=True)
        if subprocess.run([str(ENV / 'bin/pip'), 'install', '--quiet', *PINS]).returncode:
            sys.exit('tensorflow-cpu cannot be installed here: no measurement')
    os.execv(ENV / 'bin/python', [str(ENV / 'bin/python'), __file__, *sys.argv[1:]])
os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'
os.environ['CUDA_VISIBLE_DEVICES'] = ''
import numpy as np
import tensorflow as tf
tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)
K, L = tf.keras, tf.keras.layers

OURS = ROOT / 'target/release/examples/mojumder_architectures'
subprocess.run(['cargo', 'build', '--quiet', '--release', '--features', 'full', '--example', 'mojumder_architectures'], cwd=ROOT, check=True)


def keras(name):
    image = K.Input((SIDE, SIDE, 1))
    h = image
    for _ in range(2 if name == 'fusion2' else 4):
        h = L.MaxPool2D()(L.Conv2D(32, 3, padding='same', activation='relu')(h))
    h = L.Dense(64, activation='relu')(L.Flatten()(h))
    if name == 'cnn4':
        return K.Model(image, L.Dense(1)(h))
    if name == 'fusion2':
        q = K.Input((1,))
        both = L.Concatenate()([h, L.Dense(32, activation='relu')(q)])
        return K.Model([image, q], L.Dense(1)(L.Dense(64, activation='relu')(both)))
    window = K.Input((int(name[-1]), 1))
    return K.Model(window, L.Dense(1)(L.Dense(64, activation='relu')(L.LSTM(32)(window))))


def ours(name):
    """CPU seconds of an epoch: a long run minus a short one."""
    def run(epochs):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([str(OURS), '--time', MODELS[name], str(epochs)], check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    long, short = (1000, 100) if name.startswith('lstm') else (3, 1)
    return (run(long) - run(short)) / (long - short)


def theirs(name):
    if name.startswith('lstm'):
        x = np.random.randn(N, int(name[-1]), 1).astype('f')
    else:
        x = np.random.randn(N, SIDE, SIDE, 1).astype('f')
        if name == 'fusion2':
            x = [x, np.random.randn(N, 1).astype('f')]
    y = np.random.randn(N, 1).astype('f')
    model = keras(name)
    model.compile('adam', 'mse')
    times = []
    for _ in range(4):
        start = time.process_time()
        model.fit(x, y, batch_size=BATCH, epochs=1, verbose=0)
        times.append(time.process_time() - start)
    one = [tf.constant(a[:1]) for a in x] if isinstance(x, list) else tf.constant(x[:1])
    call = tf.function(lambda a: model(a, training=False))
    call(one)
    single = []
    for _ in range(60):
        start = time.process_time()
        call(one)
        single.append(time.process_time() - start)
    return min(times[1:]), statistics.median(single)


wanted = [a for a in sys.argv[1:] if a in MODELS] or list(MODELS)
print('tensorflow', tf.__version__, 'keras', K.__version__, '' if has_torch else 'PyTorch: python3-torch is not installed, left out')
results = {}
for name in wanted:
    rows = {'ours': [], 'keras': [], 'torch': [], 'keras_single': [], 'torch_single': []}
    for _ in range(ROUNDS):
        rows['ours'].append(ours(name))
        epoch, single = theirs(name)
        rows['keras'].append(epoch)
        rows['keras_single'].append(single)
        if has_torch:
            out = subprocess.run([SYSTEM, __file__, 'torch', name, '2'], check=True, capture_output=True, text=True).stdout
            found = json.loads(out.splitlines()[-1])
            rows['torch'].append(found['epoch'])
            rows['torch_single'].append(found['single'])
    middle = {key: statistics.median(values) for key, values in rows.items() if values}
    ratios = {f'ours_over_{peer}': middle['ours'] / middle[peer] for peer in ('keras', 'torch') if peer in middle}
    results[name] = {**middle, **ratios, 'load': os.getloadavg()[0]}
    shown = ', '.join(f'{peer} {1e3 * middle[peer]:.2f} ms' for peer in ('ours', 'keras', 'torch') if peer in middle)
    print(f'{name}: CPU time of an epoch: {shown}; ' + ', '.join(f'{key} {value:.2f}' for key, value in ratios.items()), flush=True)
print(json.dumps(results))
