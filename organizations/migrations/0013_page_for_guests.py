"""Pages on which guests book. Organizations that are here have none: no slug, closed, no terms."""

import django.core.validators
import clientline.page_settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('organizations', '0012_bookkeeping'),
    ]

    operations = [
        migrations.AddField(
            model_name='organization',
            name='booking_terms',
            field=models.TextField(blank=True, db_default='', default='', help_text='What guests agree to when they book', validators=[django.core.validators.MaxLengthValidator(5000)]),
        ),
        migrations.AddField(
            model_name='organization',
            name='brand_color',
            field=models.CharField(blank=True, db_default='', default='', help_text='Of buttons on that page, like #1d4ed8; empty: the usual one', max_length=7, validators=[clientline.page_settings.validate_color]),
        ),
        migrations.AddField(
            model_name='organization',
            name='embed_origins',
            field=models.CharField(blank=True, db_default='', default='', help_text='Sites that may show that page in a frame, like https://www.example.com, parted by blanks', max_length=2000, validators=[clientline.page_settings.validate_origins]),
        ),
        migrations.AddField(
            model_name='organization',
            name='guest_page',
            field=models.BooleanField(db_default=False, default=False, help_text='Whether guests may book on its page, without a sign-in'),
        ),
        migrations.AddField(
            model_name='organization',
            name='privacy_notice',
            field=models.TextField(blank=True, db_default='', default='', help_text='What becomes of what guests say of themselves', validators=[django.core.validators.MaxLengthValidator(5000)]),
        ),
        migrations.AddField(
            model_name='organization',
            name='slug',
            field=models.CharField(blank=True, db_default='', default='', help_text='Its word in /b/<slug>, the page where guests book; empty: none', max_length=60, validators=[clientline.page_settings.validate_slug]),
        ),
        migrations.AlterField(
            model_name='audit',
            name='source',
            field=models.CharField(choices=[('api', 'API'), ('admin', 'Admin'), ('guest', 'page for guests'), ('command', 'Command'), ('psql', 'database')], max_length=10),
        ),
        migrations.AddConstraint(
            model_name='organization',
            constraint=models.CheckConstraint(condition=models.Q(('slug__regex', '^([a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?)?$')), name='organization_slug_is_a_word', violation_error_message='Choose up to 60 small letters, digits and hyphens, like corner-barbers.'),
        ),
        migrations.AddConstraint(
            model_name='organization',
            constraint=models.UniqueConstraint(condition=models.Q(('slug', ''), _negated=True), fields=('slug',), name='organization_slug_once', violation_error_message='Another organization has this word.'),
        ),
        migrations.AddConstraint(
            model_name='organization',
            constraint=models.CheckConstraint(condition=models.Q(('guest_page', False), models.Q(('slug', ''), _negated=True), _connector='OR'), name='organization_guest_page_has_a_slug', violation_error_message='A page for guests needs a word for its address.'),
        ),
        migrations.AddConstraint(
            model_name='organization',
            constraint=models.CheckConstraint(condition=models.Q(('brand_color__regex', '^(#[0-9a-f]{6})?$')), name='organization_brand_color_is_a_color', violation_error_message='Choose a colour by six small hexadecimal digits, like #1d4ed8.'),
        ),
    ]
